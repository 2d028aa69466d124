"""Faults in the gallery of claims: axes that can't be compared, units of margins, praise of a control."""

from tests.faults import Fault

CLAIM_FAULTS = (
    Fault(
        "report/panels.py",
        'bool(panel.curves), "" if panel.curves else panel.title',
        "bool(panel.curves), panel.title",
        "two panels of accuracy have axes of their own, so that the better one does not look better",
        "report/test_panels.py of_one_quantity",
    ),
    Fault(
        "report/effects.py",
        "100 * effect.above if effect.unit",
        "effect.above if effect.unit",
        "a margin of two points is written as 0.02",
        "report/test_claims_page.py its_numbers",
    ),
    Fault(
        "studies/claims/page_claim.py",
        '{"holds": "bad", "fails": "even"',
        '{"holds": "good", "fails": "even"',
        "a claim that holds without its cause is shown in green",
        "report/test_claims_page.py a_control",
    ),
    Fault(
        "report/drawing.py",
        "draw_curves(panel, look, axis,",
        "draw_curves(panel, looks([panel]), axis,",
        "a method has another colour in the second panel than in the legend of the first",
        "report/test_panels.py picture_has_one_colour",
    ),
)
