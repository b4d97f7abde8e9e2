"! <p class="shorttext synchronized" lang="en">Tariff</p>
INTERFACE zlh_if_tariff
  PUBLIC.

  "! Fixed values of domain ZLH_TARIFF_KIND
  CONSTANTS:
    BEGIN OF kinds,
      flat        TYPE zlh_tariff_kind VALUE 'F',
      distance    TYPE zlh_tariff_kind VALUE 'D',
      weight_band TYPE zlh_tariff_kind VALUE 'W',
    END OF kinds.

  METHODS get_id
    RETURNING
      VALUE(result) TYPE zlh_tariff_id.

  "! @parameter leg | Leg to be charged
  "! @parameter weight | Weight carried on the leg
  "! @parameter result | Base cost, surcharge and total in the currency of the tariff
  "! @raising zlh_cx_freight | The tariff cannot be applied to the leg
  METHODS calculate_cost
    IMPORTING
      leg           TYPE zlh_leg
      weight        TYPE REF TO zlh_cl_weight
    RETURNING
      VALUE(result) TYPE zlh_cost_item
    RAISING
      zlh_cx_freight.

ENDINTERFACE.
