"""A whole sheet, read into the model."""

from lbha.pcsgen import alerts, blocks, constraints, model, resources, settings

PAIRS = {"PROPERTY": "properties", "RSC_DEFAULTS": "resource_defaults",
         "OP_DEFAULTS": "operation_defaults"}
ONE_BY_ONE = {
    "NODE": settings.read_nodes,
    "STONITH_LEVEL": constraints.read_levels,
    "LOCATION_NODE": constraints.read_locations,
    "LOCATION_RULE": constraints.read_rules,
    "COLOCATION": constraints.read_colocations,
    "ORDER": constraints.read_orders,
    "ADDITIONAL_CONFIG": alerts.read_commands,
}


def read(sheet, report):
    """The model.Cluster of a sheet.Sheet; when the report has errors, what there is of it."""
    found = blocks.cut(sheet, report)

    def named(*names):
        return [block for block in found if block.name in names]

    cluster = model.Cluster()
    # the sheet may have its tables in any order
    resources.read_tree(named("RESOURCES"), cluster, report)
    resources.read_details(named("PRIMITIVE", "STONITH"), cluster, report)
    resources.read_attributes(named("RSC_ATTRIBUTES"), cluster, report)
    for keyword, field in PAIRS.items():
        for block in named(keyword):
            settings.read_pairs(block, getattr(cluster, field), report)
    for keyword, read_block in ONE_BY_ONE.items():
        for block in named(keyword):
            read_block(block, cluster, report)
    alerts.read_alerts(named("ALERT"), cluster, report)
    return cluster
