"! <p class="shorttext synchronized" lang="en">Shipments stored on the database</p>
CLASS zlh_cl_shipment_repository_db DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    INTERFACES zlh_if_shipment_repository.

  PROTECTED SECTION.
  PRIVATE SECTION.
    METHODS read_header
      IMPORTING
        shipment_id   TYPE zlh_shipment_id
      RETURNING
        VALUE(result) TYPE zlh_shipment
      RAISING
        zlh_cx_freight.

    METHODS read_legs
      IMPORTING
        shipment_id   TYPE zlh_shipment_id
      RETURNING
        VALUE(result) TYPE zlh_leg_tt.
ENDCLASS.



CLASS zlh_cl_shipment_repository_db IMPLEMENTATION.


  METHOD read_header.
    SELECT SINGLE FROM zlh_shipment
      FIELDS *
      WHERE shipment_id = @shipment_id
      INTO @result.

    IF sy-subrc <> 0.
      RAISE EXCEPTION NEW zlh_cx_freight(
        textid = zlh_cx_freight=>shipment_not_found
        value1 = zlh_cl_shipment=>to_external_id( shipment_id ) ).
    ENDIF.
  ENDMETHOD.


  METHOD read_legs.
    SELECT FROM zlh_shipm_leg
      FIELDS leg_no, from_place, to_place, transport_mode, distance
      WHERE shipment_id = @shipment_id
      INTO TABLE @result.
  ENDMETHOD.


  METHOD zlh_if_shipment_repository~delete.
    DELETE FROM zlh_shipm_leg WHERE shipment_id = @shipment_id.
    DELETE FROM zlh_shipment WHERE shipment_id = @shipment_id.
  ENDMETHOD.


  METHOD zlh_if_shipment_repository~find_by_id.
    result = NEW #( header = read_header( shipment_id )
                    route  = zlh_cl_route=>create( read_legs( shipment_id ) ) ).
  ENDMETHOD.


  METHOD zlh_if_shipment_repository~save.
    DATA leg_rows TYPE STANDARD TABLE OF zlh_shipm_leg WITH EMPTY KEY.

    DATA(header) = shipment->get_header( ).
    leg_rows = VALUE #( FOR leg IN shipment->get_route( )->get_legs( )
                        ( VALUE #( BASE CORRESPONDING #( leg )
                                   shipment_id = header-shipment_id ) ) ).

    zlh_if_shipment_repository~delete( header-shipment_id ).
    INSERT zlh_shipment FROM @header.
    INSERT zlh_shipm_leg FROM TABLE @leg_rows.
  ENDMETHOD.
ENDCLASS.
