CLASS ltcl_clock DEFINITION FINAL FOR TESTING RISK LEVEL HARMLESS DURATION SHORT.
  PRIVATE SECTION.
    METHODS agrees_with_itself FOR TESTING.
ENDCLASS.


CLASS ltcl_clock IMPLEMENTATION.

  METHOD agrees_with_itself.
    DATA clock TYPE REF TO zif_longhaul_clock.
    clock = NEW zcl_longhaul_clock( ).
    " 2020, and 2100.
    cl_abap_unit_assert=>assert_true( xsdbool( clock->now( ) > 1577836800000 ) ).
    cl_abap_unit_assert=>assert_true( xsdbool( clock->now( ) < 4102444800000 ) ).
    cl_abap_unit_assert=>assert_char_cp(
      act = clock->timestamp( )
      exp = `20++++++T++++++` ).
  ENDMETHOD.
ENDCLASS.
