from dataclasses import dataclass
from typing import final

from torch import Tensor

from headstart.core import (
    About,
    Backbone,
    BadData,
    BadInput,
    Ctx,
    Do,
    Head,
    LabelKind,
    Labelled,
    Method,
    Model,
    Parts,
    Task,
)
from headstart.methods.outputs.probing.probe import bank_of
from headstart.nn.bank import Bank
from headstart.nn.in_context.head import InContextHead
from headstart.nn.in_context.network import CLASSES
from headstart.nn.in_context.pretrained import load_pretrained, sizes
from headstart.nn.in_context.tuning import fine_tune

MOST_COLUMNS, MOST_ROWS = 100, 10_000


@final
@dataclass(frozen=True, kw_only=True)
class InContext(Method[Labelled]):
    """Read the training table with a network that has learned to learn, and predict other rows in one pass.

    The network was trained on synthetic tables, each a learning task. Nothing is trained on the rows, unless
    it is to be fine-tuned: in each step some of the rows predict the others.

    Attributes:
        members: passes that are averaged, >= 1; they differ in the order of classes and columns.
        steps: of fine-tuning the network on the training rows, >= 0; 0: it stays as it is.
        lr: learning rate of the first of these steps, > 0; it falls linearly to 0.
    """

    about = About(
        "in-context",
        "mapping",
        "outputs",
        Labelled,
        "arXiv:2207.01848",
        closed_form=True,
        needs_columns=True,
        label_kinds=("classes", "numbers"),
        growth=2.0,
        usual_rows=2_000,
    )
    members: int = 2
    steps: int = 0
    lr: float = 0.0003

    def __post_init__(self) -> None:
        self.check("members", self.members >= 1, ">= 1")
        self.check("steps", self.steps >= 0, ">= 0")
        self.check("lr", self.lr > 0, "> 0")

    def shipped_backbone(self, backbone: Backbone) -> Backbone:
        """The columns alone, categories as codes."""
        return backbone.coded_columns()

    def parts(self, backbone: Backbone, task: Task) -> Parts:
        """The columns, and a bank for the rows.

        Raises:
            BadData: the table is larger than what the network knows.
        """
        columns = self.shipped_backbone(backbone)
        if (why := self.why_not(backbone, task)) is not None:
            raise BadData(why)
        return Parts({"backbone": columns, "bank": Bank(task.rows, columns.width, task.outputs, task.kind)})

    def why_not(self, backbone: Backbone, task: Task) -> str | None:
        """More classes, columns or rows than the network knows."""
        columns, classes = self.shipped_backbone(backbone).width, task.outputs * (task.kind == "classes")
        found = {
            "classes": (classes, CLASSES),
            "columns": (columns, MOST_COLUMNS),
            "rows": (task.rows, MOST_ROWS),
        }
        for what, (number, most) in found.items():
            if number > most:
                return (
                    f"{self.about.name} knows tables of up to {most:,} {what}, and this one has {number:,}. "
                    "Take another method, such as logistic-probe or random-forest."
                )
        return None

    def moves(self) -> tuple[Do[Labelled]]:
        """Collect."""
        return (Do(self.collect, changes=("bank",)),)

    def collect(self, parts: Parts, batch: Labelled, ctx: Ctx) -> None:
        """Add the rows of a batch to the bank.

        Raises:
            BadInput: rows have weights between 0 and others.
        """
        rows: Tensor = parts["backbone"](batch.x).float()
        labels = batch.y
        if batch.weight is not None:
            there = batch.weight > 0
            if bool((batch.weight[there] != batch.weight.max()).any()):
                raise BadInput(f"{self.about.name} counts all rows the same; leave the weights of rows out.")
            rows, labels = rows[there], labels[there]
        bank_of(parts).add(ctx.gather(rows), ctx.gather(labels))

    def predictor(self, parts: Parts) -> Model:
        """The columns, and a head that has the rows."""
        backbone, bank = parts["backbone"], bank_of(parts)
        assert isinstance(backbone, Backbone)
        rows, labels = bank.content
        head = self.head(rows, labels, bank.outputs, backbone.codes)
        return Model(backbone, head.to(rows.device))

    def head(self, rows: Tensor, labels: Tensor, outputs: int, named: tuple[int, ...]) -> Head:
        """The head with rows (n, columns), of which the columns `named` hold codes, and their labels."""
        kind: LabelKind = "numbers" if labels.is_floating_point() else "classes"
        count, columns = rows.shape
        head = InContextHead(count, columns, outputs, named, self.members, kind, sizes().settings)
        load_pretrained(head.network)
        head.rows.copy_(rows)
        head.labels.copy_(labels)
        fine_tune(head, self.steps, self.lr)
        return head.eval()
