"! <p class="shorttext synchronized" lang="en">Finds tariffs on the database</p>
"! Tariffs that were found once are kept, because the legs of a route often share a tariff.
CLASS zlh_cl_tariff_finder_db DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    INTERFACES zlh_if_tariff_finder.

    METHODS constructor.

  PROTECTED SECTION.
  PRIVATE SECTION.
    TYPES:
      BEGIN OF known_tariff,
        transport_mode TYPE zlh_mode,
        valid_on       TYPE d,
        tariff         TYPE REF TO zlh_if_tariff,
      END OF known_tariff.

    DATA factory       TYPE REF TO zlh_cl_tariff_factory.
    DATA known_tariffs TYPE HASHED TABLE OF known_tariff
                       WITH UNIQUE KEY transport_mode valid_on.

    METHODS read_tariff
      IMPORTING
        transport_mode TYPE zlh_mode
        valid_on       TYPE d
      RETURNING
        VALUE(result)  TYPE REF TO zlh_if_tariff
      RAISING
        zlh_cx_no_tariff.

    METHODS read_weight_bands
      IMPORTING
        tariff_id     TYPE zlh_tariff_id
      RETURNING
        VALUE(result) TYPE zlh_weight_band_tt.
ENDCLASS.



CLASS zlh_cl_tariff_finder_db IMPLEMENTATION.


  METHOD constructor.
    factory = NEW #( ).
  ENDMETHOD.


  METHOD read_tariff.
    SELECT FROM zlh_tariff
      FIELDS *
      WHERE transport_mode = @transport_mode
        AND valid_from <= @valid_on
        AND valid_to >= @valid_on
      ORDER BY valid_from DESCENDING, tariff_id ASCENDING
      INTO TABLE @DATA(candidates)
      UP TO 1 ROWS.

    IF candidates IS INITIAL.
      RAISE EXCEPTION NEW zlh_cx_no_tariff(
        textid = zlh_cx_no_tariff=>no_tariff_for_mode
        value1 = zlh_cl_transport_mode=>get_text( transport_mode )
        value2 = |{ valid_on DATE = USER }| ).
    ENDIF.

    DATA(settings) = candidates[ 1 ].
    result = factory->create_tariff( settings = settings
                                     bands    = read_weight_bands( settings-tariff_id ) ).
  ENDMETHOD.


  METHOD read_weight_bands.
    SELECT FROM zlh_weight_band
      FIELDS *
      WHERE tariff_id = @tariff_id
      ORDER BY band_no
      INTO TABLE @result.
  ENDMETHOD.


  METHOD zlh_if_tariff_finder~find.
    result = VALUE #( known_tariffs[ transport_mode = transport_mode
                                     valid_on       = valid_on ]-tariff OPTIONAL ).
    IF result IS BOUND.
      RETURN.
    ENDIF.

    result = read_tariff( transport_mode = transport_mode
                          valid_on       = valid_on ).

    INSERT VALUE #( transport_mode = transport_mode
                    valid_on       = valid_on
                    tariff         = result ) INTO TABLE known_tariffs.
  ENDMETHOD.
ENDCLASS.
