// Encode receipts with print libraries from npm: a JSON array of jobs in, an array of base64 strings out.
// A job is {library: 'receiptline', document, printer} or {library: 'receipt-printer-encoder', lines, codes, options}.
'use strict';
const receiptline = require('receiptline');
const ReceiptPrinterEncoder = require('@point-of-sale/receipt-printer-encoder');

function encoded(job) {
  if (job.library === 'receiptline') {
    return Buffer.from(receiptline.transform(job.document, job.printer), 'binary');
  }
  const encoder = new ReceiptPrinterEncoder(job.options);
  encoder.initialize().codepage('auto');
  for (const line of job.lines) encoder.line(line);
  for (const data of job.codes) encoder.qrcode(data);
  return Buffer.from(encoder.cut().encode());
}

let input = '';
process.stdin.on('data', (piece) => { input += piece; });
process.stdin.on('end', () => {
  process.stdout.write(JSON.stringify(JSON.parse(input).map((job) => encoded(job).toString('base64'))));
});
