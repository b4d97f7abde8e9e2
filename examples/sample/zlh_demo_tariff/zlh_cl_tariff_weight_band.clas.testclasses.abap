CLASS ltc_tariff_weight_band DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    DATA cut TYPE REF TO zlh_if_tariff.

    METHODS setup.
    METHODS light_weight_uses_first_band FOR TESTING RAISING zlh_cx_freight.
    METHODS limit_belongs_to_its_band FOR TESTING RAISING zlh_cx_freight.
    METHODS heavy_weight_uses_last_band FOR TESTING RAISING zlh_cx_freight.
    METHODS excess_weight_is_rejected FOR TESTING RAISING zlh_cx_freight.

    METHODS assert_base_cost
      IMPORTING
        kilograms TYPE i
        exp       TYPE zlh_cost
      RAISING
        zlh_cx_freight.
ENDCLASS.


CLASS ltc_tariff_weight_band IMPLEMENTATION.

  METHOD setup.
    DATA(bands) = VALUE zlh_weight_band_tt(
      ( band_no      = '02'
        weight_up_to = '7.5'
        weight_unit  = zlh_cl_weight=>units-tonne
        rate_factor  = '1.500' )
      ( band_no      = '01'
        weight_up_to = 1000
        weight_unit  = zlh_cl_weight=>units-kilogram
        rate_factor  = '0.800' ) ).

    cut = NEW zlh_cl_tariff_weight_band( bands    = bands
                                         settings = VALUE #( tariff_id = 'ROAD24'
                                                             rate      = '2.00'
                                                             currency  = 'EUR' ) ).
  ENDMETHOD.


  METHOD light_weight_uses_first_band.
    assert_base_cost( kilograms = 250
                      exp       = CONV #( 160 ) ).
  ENDMETHOD.


  METHOD limit_belongs_to_its_band.
    assert_base_cost( kilograms = 1000
                      exp       = CONV #( 160 ) ).
  ENDMETHOD.


  METHOD heavy_weight_uses_last_band.
    assert_base_cost( kilograms = 1001
                      exp       = CONV #( 300 ) ).
  ENDMETHOD.


  METHOD excess_weight_is_rejected.
    TRY.
        assert_base_cost( kilograms = 7501
                          exp       = CONV #( 0 ) ).
        cl_abap_unit_assert=>fail( ).
      CATCH zlh_cx_no_tariff INTO DATA(error).
        cl_abap_unit_assert=>assert_equals( act = error->value2
                                            exp = `7501.000 kg` ).
    ENDTRY.
  ENDMETHOD.


  METHOD assert_base_cost.
    DATA(item) = cut->calculate_cost( weight = zlh_cl_weight=>create( CONV #( kilograms ) )
                                      leg    = VALUE #( leg_no   = '001'
                                                        distance = 100 ) ).

    cl_abap_unit_assert=>assert_equals( act = item-base_cost
                                        exp = exp ).
  ENDMETHOD.

ENDCLASS.
