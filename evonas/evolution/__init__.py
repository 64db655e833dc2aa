"""Genomes, morphisms and operators: how individuals vary and are chosen, on DEAP.

- `genome`: the contract of a genome, a DEAP individual, and where it came from. `candidate`: a genome with
  its number in a run and what its evaluation gave.
- `operator`: how a mutation or crossover is declared. `morphism`: the contract of a rewrite that carries
  weights.
- `variation`: drawing and applying operators; `time_limit`: what becomes of one that does not end.
- `toolboxes`: the DEAP toolbox of a search.
- `registry`: everything that is found by name. `plugins`: what a caller brings in a file or as an object.
- `strategies`: the algorithms, one a file; a room of its own inside, and where a new one goes.
"""
