"""The benchmark: the guide's cluster, other rivals and ours, side by side in one run.

    make bench [ONLY=kill,idle] [RIVALS=ours,guide] [RUNS=1] [IDLE=60] [SUITE=trixie]
    python3 -m tests.bench --report       the tables and pictures again, from build/bench.json

What it measures, and where each part is:

    rivals      what a rival is           scenarios  what is done to it, and undone
    pacemaker   those of Pacemaker        outages    one scenario once: what clients noticed
    keepalived  those of keepalived       events     what happened meanwhile, by whose word
    bench       all of it, in order       costs      idle minutes, single actions, reloads
    usage       processor and memory      stopwatch  runs in a node, times commands
    operations  what disable, move and the like take, on every suite

and what it makes of that (from here on plain data, no lab):

    figures     median, worst, ratio      table      in columns, for terminal and README
    report      which tables              plot       pictures (SVG)
"""
