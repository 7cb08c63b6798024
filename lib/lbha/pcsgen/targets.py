"""What Pacemaker and pcs of each version call things."""

# as this library calls them, and sheets for pcs 0.11 and newer
ROLES = ("Started", "Stopped", "Promoted", "Unpromoted")
OLD_ROLES = {"Promoted": "Master", "Unpromoted": "Slave"}
# where pcs wants an id it takes these for something else: subcommands of `constraint location`,
# and keywords of `resource clone` and `constraint colocation`
PCS_WORDS = ("add", "config", "delete", "remove", "show", "op", "meta", "with")


class Target:
    """A generation of Pacemaker with its pcs.

    name         -- of Pacemaker: 2.0
    pcs          -- its pcs: 0.10
    schema       -- the oldest schema that all of the generation know and that has what we use
    feature_set  -- of Pacemaker's CIB, likewise
    old_roles    -- Master and Slave rather than Promoted and Unpromoted
    ascii_only   -- Pacemaker writes other letters into the CIB as garbage
    one_rule     -- pcs takes the expression of a rule as one argument
    fence_groups -- how pcs takes groups and clones of fence devices: "yes", "warns", "no"
    """

    def __init__(self, name, pcs, schema, feature_set, **differences):
        self.name, self.pcs = name, pcs
        self.schema, self.feature_set = schema, feature_set
        self.old_roles = differences.get("old_roles", False)
        self.ascii_only = differences.get("ascii_only", False)
        self.one_rule = differences.get("one_rule", False)
        self.fence_groups = differences["fence_groups"]

    def role(self, role):
        """A role (one of ROLES) as this generation writes it."""
        return OLD_ROLES.get(role, role) if self.old_roles else role


TARGETS = {target.name: target for target in (
    Target("2.0", "0.10", "pacemaker-3.5", "3.6.1", old_roles=True, ascii_only=True,
           fence_groups="yes"),
    Target("2.1", "0.11", "pacemaker-3.7", "3.7.0", fence_groups="warns"),
    Target("3.0", "0.12", "pacemaker-4.0", "3.20.0", one_rule=True, fence_groups="no"))}
DEFAULT = "2.0"
