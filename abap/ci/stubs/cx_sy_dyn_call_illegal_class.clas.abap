CLASS cx_sy_dyn_call_illegal_class DEFINITION PUBLIC INHERITING FROM cx_sy_dyn_call_error CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_dyn_call_illegal_class IMPLEMENTATION.
ENDCLASS.
