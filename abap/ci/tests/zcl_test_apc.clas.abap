"! Tests of zcl_longhaul_apc on the stubs of push channel and timer
CLASS zcl_test_apc DEFINITION PUBLIC FINAL CREATE PUBLIC.
ENDCLASS.

CLASS zcl_test_apc IMPLEMENTATION.
ENDCLASS.
