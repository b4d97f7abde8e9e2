"! <p class="shorttext synchronized" lang="en">Tariff with a flat rate per leg</p>
CLASS zlh_cl_tariff_flat DEFINITION
  PUBLIC
  INHERITING FROM zlh_cl_tariff_base
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
  PROTECTED SECTION.
    METHODS calculate_base_cost REDEFINITION.

  PRIVATE SECTION.
ENDCLASS.



CLASS zlh_cl_tariff_flat IMPLEMENTATION.


  METHOD calculate_base_cost.
    result = settings-rate.
  ENDMETHOD.
ENDCLASS.
