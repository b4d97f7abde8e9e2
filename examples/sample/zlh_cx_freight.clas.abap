"! <p class="shorttext synchronized" lang="en">Error in the freight calculation</p>
"! The placeholders of the messages are filled from the attributes value1 to value3.
CLASS zlh_cx_freight DEFINITION
  PUBLIC
  INHERITING FROM cx_static_check
  CREATE PUBLIC.

  PUBLIC SECTION.
    INTERFACES if_t100_message.

    CONSTANTS:
      BEGIN OF shipment_not_found,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '001',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF shipment_not_found.

    CONSTANTS:
      BEGIN OF route_without_legs,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '002',
        attr1 TYPE scx_attrname VALUE '',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF route_without_legs.

    CONSTANTS:
      BEGIN OF route_not_connected,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '003',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE 'VALUE2',
        attr3 TYPE scx_attrname VALUE 'VALUE3',
        attr4 TYPE scx_attrname VALUE '',
      END OF route_not_connected.

    CONSTANTS:
      BEGIN OF distance_not_positive,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '004',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF distance_not_positive.

    CONSTANTS:
      BEGIN OF unit_not_supported,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '005',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF unit_not_supported.

    CONSTANTS:
      BEGIN OF weight_not_positive,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '006',
        attr1 TYPE scx_attrname VALUE '',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF weight_not_positive.

    CONSTANTS:
      BEGIN OF shipment_closed,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '007',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE '',
        attr3 TYPE scx_attrname VALUE '',
        attr4 TYPE scx_attrname VALUE '',
      END OF shipment_closed.

    CONSTANTS:
      BEGIN OF currency_mismatch,
        msgid TYPE symsgid VALUE 'ZLH',
        msgno TYPE symsgno VALUE '008',
        attr1 TYPE scx_attrname VALUE 'VALUE1',
        attr2 TYPE scx_attrname VALUE 'VALUE2',
        attr3 TYPE scx_attrname VALUE 'VALUE3',
        attr4 TYPE scx_attrname VALUE '',
      END OF currency_mismatch.

    DATA value1 TYPE string READ-ONLY.
    DATA value2 TYPE string READ-ONLY.
    DATA value3 TYPE string READ-ONLY.

    METHODS constructor
      IMPORTING
        textid   LIKE if_t100_message=>t100key OPTIONAL
        previous LIKE previous OPTIONAL
        value1   TYPE string OPTIONAL
        value2   TYPE string OPTIONAL
        value3   TYPE string OPTIONAL.

  PROTECTED SECTION.
  PRIVATE SECTION.
ENDCLASS.



CLASS zlh_cx_freight IMPLEMENTATION.


  METHOD constructor ##ADT_SUPPRESS_GENERATION.
    super->constructor( previous = previous ).
    me->value1 = value1.
    me->value2 = value2.
    me->value3 = value3.
    CLEAR me->textid.
    IF textid IS INITIAL.
      if_t100_message~t100key = if_t100_message=>default_textid.
    ELSE.
      if_t100_message~t100key = textid.
    ENDIF.
  ENDMETHOD.
ENDCLASS.
