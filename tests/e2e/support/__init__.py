"""What the end-to-end tests share: the programs, their clients, what they run beside, and the faults of machines, networks and
peers. One file for each."""
