CLASS cx_sy_dynamic_osql_semantics DEFINITION PUBLIC INHERITING FROM cx_dynamic_check CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_dynamic_osql_semantics IMPLEMENTATION.
ENDCLASS.
