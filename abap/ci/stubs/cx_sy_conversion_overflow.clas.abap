CLASS cx_sy_conversion_overflow DEFINITION PUBLIC INHERITING FROM cx_dynamic_check CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_conversion_overflow IMPLEMENTATION.
ENDCLASS.
