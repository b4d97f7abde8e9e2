"! <p class="shorttext synchronized" lang="en">Creates tariffs from their settings</p>
CLASS zlh_cl_tariff_factory DEFINITION
  PUBLIC
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    "! @parameter settings | Settings of the tariff
    "! @parameter bands | Weight bands; only used by tariffs that depend on the weight
    "! @raising zlh_cx_no_tariff | The kind of the tariff is not known
    METHODS create_tariff
      IMPORTING
        settings      TYPE zlh_tariff
        bands         TYPE zlh_weight_band_tt OPTIONAL
      RETURNING
        VALUE(result) TYPE REF TO zlh_if_tariff
      RAISING
        zlh_cx_no_tariff.

  PROTECTED SECTION.
  PRIVATE SECTION.
ENDCLASS.



CLASS zlh_cl_tariff_factory IMPLEMENTATION.


  METHOD create_tariff.
    CASE settings-kind.
      WHEN zlh_if_tariff=>kinds-flat.
        result = NEW zlh_cl_tariff_flat( settings ).
      WHEN zlh_if_tariff=>kinds-distance.
        result = NEW zlh_cl_tariff_distance( settings ).
      WHEN zlh_if_tariff=>kinds-weight_band.
        result = NEW zlh_cl_tariff_weight_band( settings = settings
                                                bands    = bands ).
      WHEN OTHERS.
        RAISE EXCEPTION NEW zlh_cx_no_tariff( textid = zlh_cx_no_tariff=>kind_not_supported
                                              value1 = |{ settings-kind }| ).
    ENDCASE.
  ENDMETHOD.
ENDCLASS.
