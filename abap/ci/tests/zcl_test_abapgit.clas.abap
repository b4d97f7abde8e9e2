"! Tests of zcl_longhaul_abapgit against the stubs of abapGit
CLASS zcl_test_abapgit DEFINITION PUBLIC FINAL CREATE PUBLIC.
ENDCLASS.

CLASS zcl_test_abapgit IMPLEMENTATION.
ENDCLASS.
