"""Make every registered name known at once, for scripts that need it so."""
from mmengine.registry import Registry
from mmengine.registry import init_default_scope as use_scope

from mmgen import registry


def register_all_modules(init_default_scope: bool = True) -> None:
    """Fill all of mmgen's registries.

    Building by name fills the registry that it needs on its own. This is for
    scripts that list names, or that build mmgen's classes through MMEngine's
    registries without a scope in front of the name.

    Args:
        init_default_scope: Also make ``mmgen`` the scope in which names are
            looked up first. MMEngine warns where this takes the place of
            another package's scope.
    """
    for table in vars(registry).values():
        if isinstance(table, Registry):
            table.import_from_location()
    if init_default_scope:
        use_scope('mmgen')
