"! Tests of zcl_longhaul_catalog, which write to TADIR and TDEVC as a system never should
CLASS zcl_test_catalog DEFINITION PUBLIC FINAL CREATE PUBLIC.
ENDCLASS.

CLASS zcl_test_catalog IMPLEMENTATION.
ENDCLASS.
