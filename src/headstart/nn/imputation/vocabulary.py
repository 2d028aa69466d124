"""The vocabulary of a tokenizer, as far as imputation of texts needs it."""

from typing import Any, NamedTuple

from headstart.core import BadInput, MissingPackage, Tokens

MASKS = ("[MASK]", "<mask>")  # how tokenizers call their mask token


class Vocabulary(NamedTuple):
    """Ids of a tokenizer."""

    size: int  # ids are below it
    mask: int  # id of the mask token
    special: tuple[int, ...]  # ids that are no part of a text, such as of [CLS]
    words: dict[int, str]


def vocabulary(tokens: Tokens) -> Vocabulary:
    """The vocabulary of a backbone's tokenizer.

    Raises:
        BadInput: it has no mask token.
        MissingPackage: the package tokenizers is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise MissingPackage("tokenizers", "Reading texts", "text") from error
    reader: Any = Tokenizer.from_str(tokens.tokenizer)
    reader.no_padding()
    words = {number: word for word, number in reader.get_vocab(with_added_tokens=True).items()}
    mask = next((reader.token_to_id(name) for name in MASKS if reader.token_to_id(name) is not None), None)
    if mask is None:
        raise BadInput(
            f"The tokenizer has no mask token ({' or '.join(MASKS)}), which stands where a token is hidden. "
            "Take a backbone such as minilm, BERT, RoBERTa or ModernBERT, or a method that hides nothing, "
            "such as simcse."
        )
    added = {number for number, one in reader.get_added_tokens_decoder().items() if one.special}
    around = set(reader.encode("").ids)  # what is put around every text
    special = added | around | {mask}
    return Vocabulary(max(words) + 1, mask, tuple(sorted(special)), words)
