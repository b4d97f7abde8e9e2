CLASS ltc_money DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    METHODS euro_has_a_symbol FOR TESTING.
    METHODS other_currency_keeps_its_code FOR TESTING.
ENDCLASS.


CLASS ltc_money IMPLEMENTATION.

  METHOD euro_has_a_symbol.
    cl_abap_unit_assert=>assert_equals( act = lcl_money=>to_text( amount   = CONV #( '99.90' )
                                                                  currency = 'EUR' )
                                        exp = `99.90 €` ).
  ENDMETHOD.


  METHOD other_currency_keeps_its_code.
    cl_abap_unit_assert=>assert_equals( act = lcl_money=>to_text( amount   = CONV #( 12 )
                                                                  currency = 'CHF' )
                                        exp = `12.00 CHF` ).
  ENDMETHOD.

ENDCLASS.


CLASS ltc_row DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    METHODS pads_both_sides FOR TESTING.
    METHODS counts_umlauts_as_one FOR TESTING.
ENDCLASS.


CLASS ltc_row IMPLEMENTATION.

  METHOD pads_both_sides.
    DATA(row) = NEW lcl_row( )->add_left( text  = `ab`
                                          width = 4
                             )->add_right( text  = `12`
                                           width = 4 ).

    cl_abap_unit_assert=>assert_equals( act = row->to_text( )
                                        exp = `ab    12` ).
  ENDMETHOD.


  METHOD counts_umlauts_as_one.
    DATA(row) = NEW lcl_row( )->add_right( text  = `Güter`
                                           width = 8 ).

    cl_abap_unit_assert=>assert_equals( act = row->to_text( )
                                        exp = `   Güter` ).
  ENDMETHOD.

ENDCLASS.


CLASS ltc_quote_text DEFINITION FINAL FOR TESTING
  DURATION SHORT
  RISK LEVEL HARMLESS.

  PRIVATE SECTION.
    METHODS renders_head_and_items FOR TESTING RAISING zlh_cx_freight.
ENDCLASS.


CLASS ltc_quote_text IMPLEMENTATION.

  METHOD renders_head_and_items.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      ( leg_no         = '001'
        from_place     = 'DECGN'
        to_place       = 'CHZRH'
        transport_mode = zlh_cl_transport_mode=>road
        distance       = '590.0' ) ) ).
    DATA(shipment) = NEW zlh_cl_shipment(
      route  = route
      header = VALUE #( shipment_id = '0000000010'
                        goods_text  = 'Büromöbel'
                        weight      = 450
                        weight_unit = zlh_cl_weight=>units-kilogram ) ).
    DATA(quote) = NEW zlh_cl_quote(
      shipment  = shipment
      quoted_on = '20240226'
      items     = VALUE #( ( leg_no     = '001'
                             base_cost  = 500
                             surcharge  = 25
                             total_cost = 525
                             currency   = 'EUR' ) ) ).

    DATA(output) = CAST zlh_if_quote_format( NEW zlh_cl_quote_text( ) )->render( quote ).

    cl_abap_unit_assert=>assert_equals( act = lines( output )
                                        exp = 11 ).
    cl_abap_unit_assert=>assert_char_cp( act = output[ 2 ]
                                         exp = '*Büromöbel' ).
    cl_abap_unit_assert=>assert_char_cp( act = output[ 9 ]
                                         exp = '001*DECGN*CHZRH*590.0 km*25.00 €*525.00 €' ).
    cl_abap_unit_assert=>assert_char_cp( act = output[ 11 ]
                                         exp = '*525.00 €' ).
  ENDMETHOD.

ENDCLASS.
