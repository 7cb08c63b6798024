"""The agents: what each declares, and its verbs. The files that the cluster runs load these."""
