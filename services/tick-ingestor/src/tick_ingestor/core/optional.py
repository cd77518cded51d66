"""The optional fields of an event: what may stand in them."""

from tick_ingestor.core.rejection import Rejection, shown

SEQ_LIMIT = 2**63
TEXT_CHARACTERS_MAX = 100


def text_problem(name: str, text: str) -> Rejection | None:
    """What is wrong with source or sale_condition. They travel far, so odd characters end here."""
    if len(text) <= TEXT_CHARACTERS_MAX and text.isprintable():
        return None
    limits = f"at most {TEXT_CHARACTERS_MAX} printable characters"
    return Rejection("wrong_type", f"{name} {shown(text)} must be {limits}")
