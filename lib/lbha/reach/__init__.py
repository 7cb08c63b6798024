"""Which hosts this node reaches.

    targets                      hosts as a list names them: groups and weights
    source                       where requests leave from
    connect  neighbour           TCP connections; ARP and Neighbor Discovery
    rounds                       many hosts asked at once, again and again
    survey                       what a list of hosts comes to
    attribute                    the number of it, published and kept

A method of asking (lbha.icmp.Echo, connect.Connect, neighbour.Neighbour) has
    send(place, number)     one request to a rounds.Place; OSError when it cannot leave
    outcomes(fd)            what came in there, a list of (number, None for an answer or what
                            was wrong)
    forget(number)          nobody waits for that answer any more
    close()
and registers its sockets in the epoll object that it is made with.

Nothing is imported here.
"""
