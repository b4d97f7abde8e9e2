"! <p class="shorttext synchronized" lang="en">Tariff with a rate per kilometre</p>
CLASS zlh_cl_tariff_distance DEFINITION
  PUBLIC
  INHERITING FROM zlh_cl_tariff_base
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
  PROTECTED SECTION.
    METHODS calculate_base_cost REDEFINITION.

  PRIVATE SECTION.
ENDCLASS.



CLASS zlh_cl_tariff_distance IMPLEMENTATION.


  METHOD calculate_base_cost.
    result = settings-rate * leg-distance.
  ENDMETHOD.
ENDCLASS.
