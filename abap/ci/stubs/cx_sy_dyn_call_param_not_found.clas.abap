CLASS cx_sy_dyn_call_param_not_found DEFINITION PUBLIC INHERITING FROM cx_sy_dyn_call_error CREATE PUBLIC.
ENDCLASS.

CLASS cx_sy_dyn_call_param_not_found IMPLEMENTATION.
ENDCLASS.
