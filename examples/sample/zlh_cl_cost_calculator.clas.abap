"! <p class="shorttext synchronized" lang="en">Calculates the quote for a shipment</p>
"! Every leg is charged with the tariff of its mode of transport that is valid on the day of
"! pickup. All tariffs of a quote must use the same currency.
CLASS zlh_cl_cost_calculator DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    INTERFACES zlh_if_cost_calculator.

    METHODS constructor
      IMPORTING
        tariff_finder TYPE REF TO zlh_if_tariff_finder.

  PROTECTED SECTION.
  PRIVATE SECTION.
    DATA tariff_finder TYPE REF TO zlh_if_tariff_finder.

    METHODS calculate_items
      IMPORTING
        shipment      TYPE REF TO zlh_cl_shipment
      RETURNING
        VALUE(result) TYPE zlh_cost_item_tt
      RAISING
        zlh_cx_freight.

    METHODS check_same_currency
      IMPORTING
        items TYPE zlh_cost_item_tt
      RAISING
        zlh_cx_freight.
ENDCLASS.



CLASS zlh_cl_cost_calculator IMPLEMENTATION.


  METHOD calculate_items.
    LOOP AT shipment->get_route( )->get_legs( ) INTO DATA(leg).
      DATA(tariff) = tariff_finder->find( transport_mode = leg-transport_mode
                                          valid_on       = shipment->get_pickup_on( ) ).

      INSERT tariff->calculate_cost( leg    = leg
                                     weight = shipment->get_weight( ) ) INTO TABLE result.
    ENDLOOP.
  ENDMETHOD.


  METHOD check_same_currency.
    DATA(quote_currency) = items[ 1 ]-currency.

    LOOP AT items INTO DATA(item) WHERE currency <> quote_currency.
      RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>currency_mismatch
                                          value1 = |{ item-tariff_id }|
                                          value2 = |{ item-currency }|
                                          value3 = |{ quote_currency }| ).
    ENDLOOP.
  ENDMETHOD.


  METHOD constructor.
    me->tariff_finder = tariff_finder.
  ENDMETHOD.


  METHOD zlh_if_cost_calculator~calculate.
    IF shipment->is_closed( ).
      RAISE EXCEPTION NEW zlh_cx_freight( textid = zlh_cx_freight=>shipment_closed
                                          value1 = shipment->get_external_id( ) ).
    ENDIF.

    DATA(items) = calculate_items( shipment ).
    check_same_currency( items ).

    result = NEW #( shipment  = shipment
                    items     = items
                    quoted_on = quoted_on ).
  ENDMETHOD.
ENDCLASS.
