"""From an environment-definition sheet to a cluster, and back (lbha pcsgen).

A module imports only what stands before it here:

    messages                  what is said, in two languages
    libraries                 lxml and openpyxl, and a sentence where they are missing
    sheet  csvfile            a grid of cells, and the file it is read from
    report                    what was found, and in which cell
    targets                   what Pacemaker and pcs of each version call things
    tables                    the keywords of the format and their columns, said once
    model                     the cluster that a sheet describes
    words                     what a cell may hold: scores, roles, ids, times
    blocks                    a grid cut into tables, and those into rows
    settings  resources  constraints  alerts    tables read into the model
    reading                   a whole sheet read
    agents  properties        what agents and Pacemaker take, as far as is known here
    contradictions  checks    what does not fit together
    cib  script               the model as XML, and as pcs commands
    difference                what a push would change
    reverse                   a CIB read into the model
    writing  example          the model as a sheet; the guide's cluster
    xlsxfile                  workbooks, read and written
    schema                    Pacemaker's own schema, where it is installed
    output  options  command  files, the command line
    page                      the manual page
"""
