"""Faults of selecting, surgery and encoder checkpoints, for tests/test_faults.py."""

from tests.faults import Fault

MODELS = (
    # selecting
    Fault(
        "models/selecting.py",
        '"last": blocks[-n:]',
        '"last": blocks[n:]',
        "the last blocks are those after the first",
        "models/test_selecting.py by_hand",
    ),
    Fault(
        "models/selecting.py",
        "            raise self._unknown(term)\n",
        "            pass\n",
        "a name that is misspelled selects nothing, silently",
        "models/test_selecting.py matches_nothing",
    ),
    Fault(
        "models/selecting.py",
        "view.model.named_parameters(remove_duplicate=False)",
        "view.model.named_parameters()",
        "a tied parameter can't be selected by its second name",
        "models/test_selecting.py tied",
    ),
    Fault(
        "models/selecting.py",
        "    ids -= set().union(*unwanted)\n",
        "",
        "what is to be left out is left in",
        "models/test_selecting.py by_hand",
    ),
    # the first layer
    Fault(
        "models/operations/channels.py",
        "    total = old.sum(1, keepdim=True)\n",
        "    total = old.mean(1, keepdim=True) * len(resembled)\n",
        "grey is brighter the more channels there are",
        "models/test_new_first.py grey_is_answered",
    ),
    Fault(
        "models/operations/channels.py",
        "    conv.in_channels = channels\n",
        "    conv.in_channels = channels\n    conv.reset_parameters()\n",
        "the pretrained weights and bias are lost",
        "models/test_new_first.py grey_is_answered",
    ),
    Fault(
        "models/operations/channels.py",
        "    if not off <= GREY:",
        "    if off > 1e9:",
        "a layer that standardises its weights answers otherwise, silently",
        "models/test_new_first.py refused",
    ),
    Fault(
        "models/operations/channels.py",
        "        editor.mapping.preprocess = None\n",
        "        pass\n",
        "five channels are normalised as three colours",
        "models/test_new_first.py pretrained_net",
    ),
    Fault(
        "models/operations/columns.py",
        "            made[..., new] = x[..., old]",
        "            made[..., new] = x[..., new % x.shape[-1]]",
        "columns are kept by their place",
        "models/test_new_first.py kept_by_name",
    ),
    # the last layer
    Fault(
        "models/operations/last.py",
        "return weight.reshape(shape), bias,",
        "return weight.reshape(shape), torch.zeros_like(bias),",
        "the bias of the probe is thrown away",
        "models/test_new_last.py answer_as_the_probe",
    ),
    Fault(
        "models/operations/last.py",
        "* DEVIATION",
        "",
        "a head that is sure before it has learned",
        "models/test_new_last.py small",
    ),
    Fault(
        "models/operations/last.py",
        "if after.numel() * old != before.numel() * classes:",
        "if False:",
        "a layer in the middle is replaced as the last",
        "models/test_new_last.py refused",
    ),
    # copies
    Fault(
        "models/operations/editor.py",
        'self.model: M = cast("M", duplicate(model))',
        "self.model: M = model",
        "the caller's model is operated on",
        "models/test_new_last.py refused or keeps_the_rest",
    ),
    Fault(
        "models/operations/editor.py",
        "requires_grad=parameter.requires_grad",
        "requires_grad=True",
        "what was frozen learns after surgery",
        "models/test_new_last.py keeps_the_rest",
    ),
    Fault(
        "models/operations/editor.py",
        "            if parameter is old:",
        "            if parameter is old and owner is not model.out:",
        "a tied output is left with the old rows",
        "models/test_new_vocabulary.py stays_tied",
    ),
    # sizes, words, the middle
    Fault(
        "models/operations/size.py",
        "tokens, places = position[:, :k], position[:, k:]",
        "tokens, places = position[:, -k:], position[:, :-k]",
        "a class token is interpolated, a place is not",
        "models/test_new_size.py one_dimension or ones_own",
    ),
    Fault(
        "models/operations/size.py",
        "        if grid == wanted:\n",
        "        if math.prod(grid) == math.prod(wanted):\n",
        "places of a square in a row of another length",
        "models/test_new_size.py another_shape",
    ),
    Fault(
        "models/operations/vocabulary.py",
        "if row != pad]",
        "]",
        "padding pulls new tokens to zero",
        "models/test_new_vocabulary.py mean_without_padding",
    ),
    Fault(
        "models/operations/vocabulary.py",
        "            made[new] = old[row]",
        "            made[new] = old[min(new, len(old) - 1)]",
        "rows are kept by their place",
        "models/test_new_vocabulary.py keep_their_row",
    ),
    Fault(
        "models/operations/middle.py",
        "                ours[name].copy_(value)\n",
        "                pass\n",
        "kept weights with forgotten statistics",
        "models/test_middle_and_front.py keeps_every_byte",
    ),
    Fault(
        "models/operations/middle.py",
        "if got.shape != wanted.shape or not torch.allclose(",
        "if got.shape != wanted.shape or not (lambda *_, **__: True)(",
        "an activation between two blocks is lost",
        "models/test_middle_and_front.py no_chain",
    ),
    # encoders in files
    Fault(
        "models/weights.py",
        "    if any(kinds):\n",
        "    if any(kinds) and not allow:\n",
        "allowing the head allows everything: a renamed stage stays random",
        "models/test_encoders.py renamed_stage",
    ),
    Fault(
        "models/weights.py",
        "if not torch.equal(state[key], state[first]):",
        "if False:",
        "of two tensors for one place the last wins",
        "models/test_encoders.py tied",
    ),
    Fault(
        "models/encoders.py",
        "start = max(fitting, key=len)",
        "start = fitting[0]",
        "a short prefix is mapped before a long one",
        "models/test_encoders.py beginnings",
    ),
    Fault(
        "models/encoders.py",
        "    if not set(tensors) & set(state(root)):",
        "    if False:",
        "nothing is loaded, and nobody says so",
        "models/test_encoders.py does_not_fit",
    ),
    Fault(
        "models/encoders.py",
        "        if not _under(name, head)\n",
        "",
        "the head of the old labels is in the encoder",
        "models/test_encoders.py nothing_else",
    ),
)
