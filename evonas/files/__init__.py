"""Reading what anybody may have written, and what meets the system on the way.

- `reading`: text files, bounded, and the JSON in them.
- `checked`: types of what came, each as expected or refused in words.
- `printable`: words from files, as a terminal or a page may have them.
- `sizes`: amounts of memory, as people write and read them.
- `failpoints`: named places where a test lets things go wrong.
- `variables`: variables of the process's environment, set for a while.
"""
