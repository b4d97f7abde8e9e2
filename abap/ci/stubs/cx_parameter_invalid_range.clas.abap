CLASS cx_parameter_invalid_range DEFINITION PUBLIC INHERITING FROM cx_static_check CREATE PUBLIC.
ENDCLASS.

CLASS cx_parameter_invalid_range IMPLEMENTATION.
ENDCLASS.
