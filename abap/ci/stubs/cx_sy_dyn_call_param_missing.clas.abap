CLASS cx_sy_dyn_call_param_missing DEFINITION PUBLIC INHERITING FROM cx_sy_dyn_call_error CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_dyn_call_param_missing IMPLEMENTATION.
ENDCLASS.
