"! <p class="shorttext synchronized" lang="en">Rate per kilometre and weight band</p>
"! The rate per kilometre is multiplied by the factor of the first band that can take the weight.
CLASS zlh_cl_tariff_weight_band DEFINITION
  PUBLIC
  INHERITING FROM zlh_cl_tariff_base
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    "! @parameter settings | Settings of the tariff
    "! @parameter bands | Weight bands of the tariff in any order
    METHODS constructor
      IMPORTING
        settings TYPE zlh_tariff
        bands    TYPE zlh_weight_band_tt.

  PROTECTED SECTION.
    METHODS calculate_base_cost REDEFINITION.

  PRIVATE SECTION.
    DATA bands TYPE zlh_weight_band_tt.

    METHODS get_rate_factor
      IMPORTING
        weight        TYPE REF TO zlh_cl_weight
      RETURNING
        VALUE(result) TYPE zlh_rate_factor
      RAISING
        zlh_cx_freight.
ENDCLASS.



CLASS zlh_cl_tariff_weight_band IMPLEMENTATION.


  METHOD calculate_base_cost.
    result = settings-rate * leg-distance * get_rate_factor( weight ).
  ENDMETHOD.


  METHOD constructor.
    super->constructor( settings ).
    me->bands = bands.
    SORT me->bands BY band_no.
  ENDMETHOD.


  METHOD get_rate_factor.
    LOOP AT bands INTO DATA(band).
      DATA(limit) = zlh_cl_weight=>create( amount = band-weight_up_to
                                           unit   = band-weight_unit ).

      IF NOT weight->is_heavier_than( limit ).
        result = band-rate_factor.
        RETURN.
      ENDIF.
    ENDLOOP.

    RAISE EXCEPTION NEW zlh_cx_no_tariff( textid = zlh_cx_no_tariff=>no_weight_band
                                          value1 = |{ settings-tariff_id }|
                                          value2 = weight->to_text( ) ).
  ENDMETHOD.
ENDCLASS.
