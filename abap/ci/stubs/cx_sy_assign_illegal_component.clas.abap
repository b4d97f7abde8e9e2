CLASS cx_sy_assign_illegal_component DEFINITION PUBLIC INHERITING FROM cx_dynamic_check CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_assign_illegal_component IMPLEMENTATION.
ENDCLASS.
