"! <p class="shorttext synchronized" lang="en">Creates tariffs and shipments to play with</p>
CLASS zlh_cl_demo_data DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    TYPES:
      BEGIN OF counts,
        tariffs   TYPE i,
        shipments TYPE i,
      END OF counts.

    METHODS constructor
      IMPORTING
        repository TYPE REF TO zlh_if_shipment_repository.

    "! Replaces all demo data. The caller decides when to commit.
    METHODS create
      RETURNING
        VALUE(result) TYPE counts
      RAISING
        zlh_cx_freight.

    METHODS delete.

  PROTECTED SECTION.
  PRIVATE SECTION.
    TYPES shipments TYPE STANDARD TABLE OF REF TO zlh_cl_shipment WITH EMPTY KEY.

    CONSTANTS:
      BEGIN OF tariff_ids,
        truck TYPE zlh_tariff_id VALUE 'TRUCK',
        train TYPE zlh_tariff_id VALUE 'TRAIN',
        ship  TYPE zlh_tariff_id VALUE 'SHIP',
        plane TYPE zlh_tariff_id VALUE 'PLANE',
      END OF tariff_ids.

    CONSTANTS:
      BEGIN OF shipment_ids,
        machine   TYPE zlh_shipment_id VALUE '0000000101',
        spares    TYPE zlh_shipment_id VALUE '0000000102',
        furniture TYPE zlh_shipment_id VALUE '0000000103',
      END OF shipment_ids.

    DATA repository TYPE REF TO zlh_if_shipment_repository.

    METHODS get_tariffs
      RETURNING
        VALUE(result) TYPE zlh_tariff_tt.

    METHODS get_weight_bands
      RETURNING
        VALUE(result) TYPE zlh_weight_band_tt.

    METHODS get_shipments
      RETURNING
        VALUE(result) TYPE shipments
      RAISING
        zlh_cx_freight.

    METHODS get_machine_to_zurich
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment
      RAISING
        zlh_cx_freight.

    METHODS get_spares_from_shanghai
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment
      RAISING
        zlh_cx_freight.

    METHODS get_furniture_to_cologne
      RETURNING
        VALUE(result) TYPE REF TO zlh_cl_shipment
      RAISING
        zlh_cx_freight.
ENDCLASS.



CLASS zlh_cl_demo_data IMPLEMENTATION.


  METHOD constructor.
    me->repository = repository.
  ENDMETHOD.


  METHOD create.
    DATA(tariffs) = get_tariffs( ).
    DATA(weight_bands) = get_weight_bands( ).
    DATA(shipments) = get_shipments( ).

    delete( ).
    INSERT zlh_tariff FROM TABLE @tariffs.
    INSERT zlh_weight_band FROM TABLE @weight_bands.

    LOOP AT shipments INTO DATA(shipment).
      repository->save( shipment ).
    ENDLOOP.

    result = VALUE #( tariffs   = lines( tariffs )
                      shipments = lines( shipments ) ).
  ENDMETHOD.


  METHOD delete.
    DELETE FROM zlh_tariff WHERE tariff_id IN ( @tariff_ids-truck, @tariff_ids-train,
                                                @tariff_ids-ship, @tariff_ids-plane ).
    DELETE FROM zlh_weight_band WHERE tariff_id = @tariff_ids-truck.

    repository->delete( shipment_ids-machine ).
    repository->delete( shipment_ids-spares ).
    repository->delete( shipment_ids-furniture ).
  ENDMETHOD.


  METHOD get_furniture_to_cologne.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      ( leg_no         = '001'
        from_place     = 'NLRTM'
        to_place       = 'DECGN'
        transport_mode = zlh_cl_transport_mode=>road
        distance       = '265.5' ) ) ).

    result = NEW #( route  = route
                    header = VALUE #( shipment_id = shipment_ids-furniture
                                      goods_text  = 'Büromöbel für Köln (Wert 18.500 €)'
                                      pickup_on   = '20240112'
                                      weight      = 450
                                      weight_unit = zlh_cl_weight=>units-kilogram
                                      status      = zlh_cl_shipment=>statuses-closed ) ).
  ENDMETHOD.


  METHOD get_machine_to_zurich.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      transport_mode = zlh_cl_transport_mode=>road
      ( leg_no = '001' from_place = 'DEHAM' to_place = 'DEDUI' distance = '395.5' )
      ( leg_no = '003' from_place = 'CHBSL' to_place = 'CHZRH' distance = '87.0' )
      transport_mode = zlh_cl_transport_mode=>rail
      ( leg_no = '002' from_place = 'DEDUI' to_place = 'CHBSL' distance = '560.0' ) ) ).

    result = NEW #( route  = route
                    header = VALUE #( shipment_id = shipment_ids-machine
                                      goods_text  = 'Fräsmaschine für Zürich'
                                      pickup_on   = '20240301'
                                      weight      = 12500
                                      weight_unit = zlh_cl_weight=>units-kilogram
                                      status      = zlh_cl_shipment=>statuses-open ) ).
  ENDMETHOD.


  METHOD get_shipments.
    result = VALUE #( ( get_machine_to_zurich( ) )
                      ( get_spares_from_shanghai( ) )
                      ( get_furniture_to_cologne( ) ) ).
  ENDMETHOD.


  METHOD get_spares_from_shanghai.
    DATA(route) = zlh_cl_route=>create( VALUE #(
      ( leg_no         = '001'
        from_place     = 'CNSHA'
        to_place       = 'DEFRA'
        transport_mode = zlh_cl_transport_mode=>air
        distance       = '8850.0' )
      ( leg_no         = '002'
        from_place     = 'DEFRA'
        to_place       = 'DEDUS'
        transport_mode = zlh_cl_transport_mode=>road
        distance       = '228.0' ) ) ).

    result = NEW #( route  = route
                    header = VALUE #( shipment_id = shipment_ids-spares
                                      goods_text  = 'Ersatzteile für Düsseldorf'
                                      pickup_on   = '20240318'
                                      weight      = '132.3'
                                      weight_unit = zlh_cl_weight=>units-pound
                                      status      = zlh_cl_shipment=>statuses-open ) ).
  ENDMETHOD.


  METHOD get_tariffs.
    result = VALUE #(
      valid_from = '20240101'
      valid_to   = '99991231'
      currency   = 'EUR'
      ( tariff_id      = tariff_ids-truck
        description    = 'Road haulage, priced by distance and weight'
        transport_mode = zlh_cl_transport_mode=>road
        kind           = zlh_if_tariff=>kinds-weight_band
        rate           = '1.15'
        min_cost       = '180.00'
        surcharge_pct  = '8.50' )
      ( tariff_id      = tariff_ids-train
        description    = 'Rail freight'
        transport_mode = zlh_cl_transport_mode=>rail
        kind           = zlh_if_tariff=>kinds-distance
        rate           = '0.74'
        min_cost       = '250.00' )
      ( tariff_id      = tariff_ids-ship
        description    = 'Sea freight, one container'
        transport_mode = zlh_cl_transport_mode=>sea
        kind           = zlh_if_tariff=>kinds-flat
        rate           = '1450.00'
        surcharge_pct  = '12.00' )
      ( tariff_id      = tariff_ids-plane
        description    = 'Air freight'
        transport_mode = zlh_cl_transport_mode=>air
        kind           = zlh_if_tariff=>kinds-distance
        rate           = '0.42'
        min_cost       = '600.00'
        surcharge_pct  = '22.50' ) ).
  ENDMETHOD.


  METHOD get_weight_bands.
    result = VALUE #(
      tariff_id   = tariff_ids-truck
      weight_unit = zlh_cl_weight=>units-kilogram
      ( band_no = '01' weight_up_to = 1000  rate_factor = '0.850' )
      ( band_no = '02' weight_up_to = 7500  rate_factor = '1.000' )
      ( band_no = '03' weight_up_to = 24000 rate_factor = '1.375' ) ).
  ENDMETHOD.
ENDCLASS.
