"! <p class="shorttext synchronized" lang="en">Common parts of all tariffs</p>
"! Subclasses calculate the base cost. Minimum cost and surcharge are the same for all of them.
CLASS zlh_cl_tariff_base DEFINITION
  PUBLIC
  ABSTRACT
  CREATE PUBLIC.

  PUBLIC SECTION.
    INTERFACES zlh_if_tariff.

    METHODS constructor
      IMPORTING
        settings TYPE zlh_tariff.

  PROTECTED SECTION.
    DATA settings TYPE zlh_tariff.

    METHODS calculate_base_cost ABSTRACT
      IMPORTING
        leg           TYPE zlh_leg
        weight        TYPE REF TO zlh_cl_weight
      RETURNING
        VALUE(result) TYPE zlh_cost
      RAISING
        zlh_cx_freight.

  PRIVATE SECTION.
    METHODS calculate_surcharge
      IMPORTING
        base_cost     TYPE zlh_cost
      RETURNING
        VALUE(result) TYPE zlh_cost.
ENDCLASS.



CLASS zlh_cl_tariff_base IMPLEMENTATION.


  METHOD calculate_surcharge.
    result = base_cost * settings-surcharge_pct / 100.
  ENDMETHOD.


  METHOD constructor.
    me->settings = settings.
  ENDMETHOD.


  METHOD zlh_if_tariff~calculate_cost.
    DATA(calculated_cost) = calculate_base_cost( leg    = leg
                                                 weight = weight ).
    DATA(base_cost) = COND zlh_cost( WHEN calculated_cost < settings-min_cost
                                     THEN settings-min_cost
                                     ELSE calculated_cost ).
    DATA(surcharge) = calculate_surcharge( base_cost ).

    result = VALUE #( leg_no     = leg-leg_no
                      tariff_id  = settings-tariff_id
                      base_cost  = base_cost
                      surcharge  = surcharge
                      total_cost = base_cost + surcharge
                      currency   = settings-currency ).
  ENDMETHOD.


  METHOD zlh_if_tariff~get_id.
    result = settings-tariff_id.
  ENDMETHOD.
ENDCLASS.
