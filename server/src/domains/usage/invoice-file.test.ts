import { describe, expect, it } from 'vitest'
import { readInvoice } from './invoice-file.ts'

describe('an invoice file', () => {
  it('is read by the names of its columns, quotes and all, and what it has besides is left alone', () => {
    const text =
      '\uFEFFmodel,Project,date,requests,cost_usd\r\n"gpt-4o, dated","a ""b""\nc",2026-11-03,12,0.0125\r\n\r\ngpt-4o,,2026-11-04,0,-1\r\n'
    expect(readInvoice(text)).toEqual({
      lines: [
        { date: '2026-11-03', model: 'gpt-4o, dated', costUsd: '0.0125', requests: '12' },
        { date: '2026-11-04', model: 'gpt-4o', costUsd: '-1', requests: '0' },
      ],
    })
  })

  it('has one message for each line with a fault', () => {
    const lines = [
      'date,model,cost_usd,requests',
      '2026-02-30,m,1,1',
      '2026-11-03,,1,1',
      '2026-11-03,m,1e3,1',
      '2026-11-03,m,1',
      '2026-11-03,m,1,-1',
    ]
    expect(readInvoice(lines.join('\n'))).toEqual({
      faults: [
        'line 2: date "2026-02-30" is not a day, such as 2026-11-03',
        'line 3: model is empty',
        'line 4: cost_usd "1e3" is not a decimal number, such as 0.0125',
        'line 5: 3 cells, where the header has 4',
        'line 6: requests "-1" is not a whole number',
      ],
    })
  })

  it.each([
    ['', 'line 1: the header lacks date, model, cost_usd'],
    ['date,model\n', 'line 1: the header lacks cost_usd'],
    ['date,model,cost_usd\n', 'there is no line behind the header'],
    ['date,cost_usd,model\n2026-11-03,1,"gpt\n2026-11-04,2,gpt-4o\n', 'line 2: a quote begins here and does not end'],
    ['date,model,cost_usd,Date\n2026-11-03,m,1,2026-11-04\n', 'line 1: the header has date more than once'],
    ['date,model,cost_usd\n0000-01-01,m,1\n', 'line 2: date "0000-01-01" is not a day, such as 2026-11-03'],
    ['date,model,cost_usd\n2026-11-03,a\u0000b,1\n', 'line 2: model has control characters'],
  ])('is refused where it is %j', (text, fault) => {
    expect(readInvoice(text)).toEqual({ faults: [fault] })
  })
})
