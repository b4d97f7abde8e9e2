"! <p class="shorttext synchronized" lang="en">No tariff can be applied</p>
CLASS zlh_cx_no_tariff DEFINITION
  PUBLIC
  INHERITING FROM zlh_cx_freight
  FINAL
  CREATE PUBLIC.

  PUBLIC SECTION.
    CONSTANTS:
      BEGIN OF no_tariff_for_mode,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '009',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE 'VALUE2',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF no_tariff_for_mode.

    CONSTANTS:
      BEGIN OF no_weight_band,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '010',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE 'VALUE2',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF no_weight_band.

    CONSTANTS:
      BEGIN OF kind_not_supported,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '011',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF kind_not_supported.

  PROTECTED SECTION.
  PRIVATE SECTION.
ENDCLASS.



CLASS zlh_cx_no_tariff IMPLEMENTATION.
ENDCLASS.
