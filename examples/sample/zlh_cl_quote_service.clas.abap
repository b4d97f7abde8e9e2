"! <p class="shorttext synchronized" lang="en">Quotes stored shipments</p>
CLASS zlh_cl_quote_service DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    "! Service that works on the database
    CLASS-METHODS create_default
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_quote_service.

    METHODS constructor
      IMPORTING
        repository TYPE REF TO zlh_if_shipment_repository
        calculator TYPE REF TO zlh_if_cost_calculator.

    METHODS quote_shipment
      IMPORTING
        shipment_id   TYPE zlh_shipment_id
        quoted_on     TYPE zlh_quoted_on
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_quote
      RAISING
        zlh_cx_freight.

    "! Like quote_shipment, but the shipment is stored as quoted
    METHODS quote_and_save_shipment
      IMPORTING
        shipment_id   TYPE zlh_shipment_id
        quoted_on     TYPE zlh_quoted_on
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_quote
      RAISING
        zlh_cx_freight.

  PROTECTED SECTION.
  PRIVATE SECTION.
    DATA repository TYPE REF TO zlh_if_shipment_repository.
    DATA calculator TYPE REF TO zlh_if_cost_calculator.
ENDCLASS.



CLASS zlh_cl_quote_service IMPLEMENTATION.


  METHOD constructor.
    me->repository = repository.
    me->calculator = calculator.
  ENDMETHOD.


  METHOD create_default.
    DATA(tariff_finder) = NEW zlh_cl_tariff_finder_db( ).

    result = NEW #( repository = NEW zlh_cl_shipment_repository_db( )
                    calculator = NEW zlh_cl_cost_calculator( tariff_finder ) ).
  ENDMETHOD.


  METHOD quote_and_save_shipment.
    result = quote_shipment( shipment_id = shipment_id
                             quoted_on   = quoted_on ).

    DATA(shipment) = result->get_shipment( ).
    shipment->mark_as_quoted( ).
    repository->save( shipment ).
  ENDMETHOD.


  METHOD quote_shipment.
    result = calculator->calculate( shipment  = repository->find_by_id( shipment_id )
                                    quoted_on = quoted_on ).
  ENDMETHOD.
ENDCLASS.
