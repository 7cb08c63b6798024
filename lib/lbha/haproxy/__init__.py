"""HAProxy, as its management guide describes it: files, processes, the admin socket."""
