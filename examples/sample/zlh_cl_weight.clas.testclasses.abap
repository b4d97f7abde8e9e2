CLASS ltc_weight DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    METHODS tonnes_become_kilograms FOR TESTING RAISING zlh_cx_freight.
    METHODS pounds_are_rounded FOR TESTING RAISING zlh_cx_freight.
    METHODS adds_different_units FOR TESTING RAISING zlh_cx_freight.
    METHODS same_weight_is_not_heavier FOR TESTING RAISING zlh_cx_freight.
    METHODS text_shows_kilograms FOR TESTING RAISING zlh_cx_freight.
    METHODS zero_is_rejected FOR TESTING.
    METHODS unknown_unit_is_rejected FOR TESTING.

    METHODS assert_kilograms
      IMPORTING
        weight TYPE REF TO zlh_cl_weight
        exp    TYPE zlh_weight.
ENDCLASS.


CLASS ltc_weight IMPLEMENTATION.

  METHOD tonnes_become_kilograms.
    DATA(weight) = zlh_cl_weight=>create( amount = CONV #( '1.25' )
                                          unit   = zlh_cl_weight=>units-tonne ).

    assert_kilograms( weight = weight
                      exp    = CONV #( 1250 ) ).
  ENDMETHOD.


  METHOD pounds_are_rounded.
    DATA(weight) = zlh_cl_weight=>create( amount = CONV #( 100 )
                                          unit   = zlh_cl_weight=>units-pound ).

    assert_kilograms( weight = weight
                      exp    = CONV #( '45.359' ) ).
  ENDMETHOD.


  METHOD adds_different_units.
    DATA(pallet) = zlh_cl_weight=>create( CONV #( 400 ) ).
    DATA(machine) = zlh_cl_weight=>create( amount = CONV #( 2 )
                                           unit   = zlh_cl_weight=>units-tonne ).

    assert_kilograms( weight = pallet->plus( machine )
                      exp    = CONV #( 2400 ) ).
  ENDMETHOD.


  METHOD same_weight_is_not_heavier.
    DATA(weight) = zlh_cl_weight=>create( CONV #( 1000 ) ).
    DATA(same_weight) = zlh_cl_weight=>create( amount = CONV #( 1 )
                                               unit   = zlh_cl_weight=>units-tonne ).

    cl_abap_unit_assert=>assert_false( weight->is_heavier_than( same_weight ) ).
  ENDMETHOD.


  METHOD text_shows_kilograms.
    cl_abap_unit_assert=>assert_equals( act = zlh_cl_weight=>create( CONV #( '12.5' ) )->to_text( )
                                        exp = `12.500 kg` ).
  ENDMETHOD.


  METHOD zero_is_rejected.
    TRY.
        zlh_cl_weight=>create( CONV #( 0 ) ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->if_t100_message~t100key
                                            exp = zlh_cx_freight=>weight_not_positive ).
    ENDTRY.
  ENDMETHOD.


  METHOD unknown_unit_is_rejected.
    TRY.
        zlh_cl_weight=>create( amount = CONV #( 1 )
                               unit   = 'XX' ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_freight INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->value1
                                            exp = `XX` ).
    ENDTRY.
  ENDMETHOD.


  METHOD assert_kilograms.
    cl_abap_unit_assert=>assert_equals( act = weight->in_kilograms( )
                                        exp = exp ).
  ENDMETHOD.

ENDCLASS.
