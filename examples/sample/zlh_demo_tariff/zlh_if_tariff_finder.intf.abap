"! <p class="shorttext synchronized" lang="en">Finds the tariff for a mode of transport</p>
INTERFACE zlh_if_tariff_finder
  PUBLIC.

  "! @parameter transport_mode | Mode of transport of the leg
  "! @parameter valid_on | Day on which the tariff must be valid
  "! @parameter result | The tariff; the most recent one if several are valid
  "! @raising zlh_cx_freight | No tariff is valid, or its settings are wrong
  METHODS find
    IMPORTING
      transport_mode TYPE zlh_mode
      valid_on       TYPE d
    RETURNING
      VALUE(result)  TYPE REF TO zlh_if_tariff
    RAISING
      zlh_cx_freight.

ENDINTERFACE.
