"""Faults: calls go on over a real Asterisk while something breaks, and afterwards nothing is missing.

How a test of a fault is made:

* fixture ``ground`` opens a `Ground`: the service as a process, sipp's callers, phones, somebody who writes
  over the API, and an `AmiProxy` between the service and Asterisk. Options are those of `ground.open_ground`.
* break something, wait until it is well again (`Ground.well`), measure how long that took;
* `await ground.check()` while calls go on, as often as wanted: I1, I2 and I5 for everything that Asterisk's
  CEL has so far, and the log. At last `await ground.finish()`: the callers stop, and all of I1 to I5 and what
  is left over (channels, calls, tasks, descriptors, memory) is held against the beginning. Both return
  findings, each a sentence; none is what is wanted.
* `record` (a fixture) takes one line of the table that is shown at the end of the run.

How often a fault is tried is said by `scale.times(short, full)`: short in `make test`, full in `make faults`
(``CTI_FAULTS=full``). Nothing is skipped in the short form, only done less often. Random choices come from
`scale.seed()`, which is shown; ``CTI_FAULTS_SEED`` repeats a run.

I1 each channel of CEL has exactly one leg; I2 every leg ends; I3 no action is sent twice; I4 every write that
the API acknowledged is there, once; I5 no leg is invented.
"""
