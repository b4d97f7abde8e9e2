"! Tests of zcl_longhaul_authority against the host's answers
CLASS zcl_test_authority DEFINITION PUBLIC FINAL CREATE PUBLIC.
ENDCLASS.

CLASS zcl_test_authority IMPLEMENTATION.
ENDCLASS.
