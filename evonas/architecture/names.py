"""Node names: they become attributes of a module, and what they must avoid there."""

from __future__ import annotations

import keyword
import re
from functools import lru_cache

from ..errors import UserError

RESERVED = frozenset(
    "T_destination add_module add_submodule apply bfloat16 buffers call_super_init children code compile "
    "cpu cuda delete_all_unused_submodules delete_submodule double dump_patches eval extra_repr float "
    "forward get_buffer get_extra_state get_parameter get_submodule graph half ipu load_state_dict meta "
    "modules mtia named_buffers named_children named_modules named_parameters parameters print_readable "
    "recompile register_backward_hook register_buffer register_forward_hook register_forward_pre_hook "
    "register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook "
    "register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook "
    "register_state_dict_pre_hook requires_grad_ self set_extra_state set_submodule shape_env share_memory "
    "state_dict to to_empty to_folder train training type xpu zero_grad".split()
)
"""Public attributes of ``torch.nn.Module`` and ``torch.fx.GraphModule``, which a child would hide; `self`."""

LONGEST = 200
REMEMBERED = 1 << 14
"""So many names are checked and taken apart only once."""
_PART = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)


def check_name(name: str) -> None:
    """Checks that a node's name can be a path of module attributes, such as ``stage2.node3.conv``.

    Raises:
        UserError: A part is no identifier, a Python keyword, or an attribute that every module has.
    """
    if not isinstance(name, str) or not name or len(name) > LONGEST:
        raise UserError(f"node name: expected 1 to {LONGEST} characters, got {name!r:.60}")
    _check_parts(name)


@lru_cache(REMEMBERED)  # a search decodes the same names again and again; one that is refused is not kept
def _check_parts(name: str) -> None:
    for part in name.split("."):
        if not _PART.fullmatch(part):
            raise UserError(f"node name {name!r}: expected letters, digits and _ between dots, got {part!r}")
        if keyword.iskeyword(part) or part in RESERVED:
            raise UserError(
                f"node name {name!r}: {part!r} is reserved, since every module or Python itself uses it"
            )


@lru_cache(REMEMBERED)
def prefixes(name: str) -> tuple[str, ...]:
    """The proper prefixes of a dotted name.

    >>> prefixes("a.b.c")
    ('a', 'a.b')
    """
    parts = name.split(".")
    return tuple(".".join(parts[:end]) for end in range(1, len(parts)))
