CLASS cx_sy_arithmetic_overflow DEFINITION PUBLIC INHERITING FROM cx_dynamic_check CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_arithmetic_overflow IMPLEMENTATION.
ENDCLASS.
