"""The plain adapter of the Store port: Arrow streams, Parquet segments and one SQLite file in a folder.

    FOLDER/
      lock                       held by the one process that writes; says which
      compactor.lock             held by the one process that folds and seals; says which
      store.sqlite               findings, diary, assets
      states/HEX                 a kept state, by its name
      tables/NAME/
        00000007.arrows          rows as they come, words written out; to be sealed
        00000006-F-L-W.parquet   sealed: first and last time of its rows (ns), when it was sealed (s)
      journal/operations/
        00000012.arrows          rows that are to be folded, five minutes of them

A segment keeps its number when it is sealed, so that whoever finds both files of a number knows that they hold the same
rows. See docs/adr/0010-what-the-plain-store-promises.md.
"""
